import './nonce.ts';
import './base.css';
import { createRoot } from 'react-dom/client';
import { Root } from './Root.tsx';

createRoot(document.getElementById('root')!).render(<Root />);
